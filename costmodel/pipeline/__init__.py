"""From a scenario to a report: look up, price, compare, decide, warn. The only sequencer."""
