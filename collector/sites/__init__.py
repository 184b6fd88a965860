"""The register: which halls exist, who operates there, which class a value belongs to."""
