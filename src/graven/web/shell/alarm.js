export const Alarm = () => null;
