"""What of a run can be taken home beside its run file."""
