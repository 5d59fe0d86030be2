"""Result files of benchmark tools, as rows of the measured book."""
