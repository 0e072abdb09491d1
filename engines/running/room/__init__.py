"""Rooms: one short code groups the runs of people who learn together, under one who opened it."""
