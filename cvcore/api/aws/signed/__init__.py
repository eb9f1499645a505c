"""Requests that are signed with Amazon's keys: their signatures, their bodies, and what handlers see of them."""
