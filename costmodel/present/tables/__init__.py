"""Tables of a report, and the files that hold one."""
