"""One file per learner: the settings it accepts, how it is fitted, and what it leaves behind."""
