"""The ground every package stands on: data, time, money, history, keys, pages. No business words."""
