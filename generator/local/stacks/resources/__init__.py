"""How resources of each type are made: through their service's API in the local AWS, or simulated from their schema."""
