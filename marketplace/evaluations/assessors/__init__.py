"""Social supervisors and third-party assessors: appointed by two officers for a term, an area and
some items, they mark ended contracts where the edition gives them a part."""
