"""List kinds as documents, one TOML file each; ``ecoissues.core.kind_registry`` gathers them."""
