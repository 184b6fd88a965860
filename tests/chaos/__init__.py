"""The whole line on real servers, cut at random: nothing may be lost, nothing may count twice."""
