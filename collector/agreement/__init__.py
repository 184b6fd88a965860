"""The agreement: what villages, kecamatan and office say of a measured verdict, answer, propose, sign, and measure again."""
