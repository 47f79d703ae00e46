"""What lies in the processes of functions: run or imported there, never here."""
