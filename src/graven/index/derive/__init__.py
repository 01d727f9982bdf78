"""What an entry means: from the bytes of the log to the view that is indexed."""
