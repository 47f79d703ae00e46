"""Each house rule with good and bad templates."""
