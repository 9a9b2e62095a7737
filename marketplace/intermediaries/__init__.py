"""The register of firms: admission, qualifications, offerings, leaving. Knows no needs."""
