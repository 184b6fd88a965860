"""Federation: rollups, verdicts, proposals and register of a regency go up in signed letters (docs/scale.md).

`letter` is the form, `gather` what a regency says, `chain` its letters in a folder, `send` and `receive` the two ends, `take`
what is believed, `table` what a province or ministry reads.
"""
