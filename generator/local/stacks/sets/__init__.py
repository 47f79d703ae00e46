"""Stack sets: one template in several accounts and regions, its instances real stacks of the local AWS."""
