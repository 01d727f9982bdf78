"""Answers: what a query gives over all segments of a snapshot, as merges of partials of single segments."""
