"""The needs map: state, evidence, diagnosis and priority of every village and operator over a period."""
