"""The index process: follows the logs, seals, and answers. Started by the server, which it never delays.

    server ── socket pair ── index process ── sealing process (while a segment is made)

It reads the files of the logs by itself; over the socket come committed sizes and questions, and go answers and how
far it has got. When it dies the server starts another, which goes on from the last sealed segment.
"""
