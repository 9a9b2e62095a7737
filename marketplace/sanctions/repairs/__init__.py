"""Credit repair (信用修复): a sanction leaves the public pages and stops counting before its end."""
