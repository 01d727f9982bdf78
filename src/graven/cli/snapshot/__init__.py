"""What `graven snapshot` reads and records: rows of a table, files of a folder."""
