"""The reviewed data, one module a service; each exports `TYPES`."""
