"""An answer put where a reader is: terminal, HTML, CSV, JSON. None of them knows a subject."""
