"""More questions to the same evaluation: odds, money over time, cases, portfolio."""
