"""A number that knows its range, kind, source and date, its units, and how it is put into words."""
