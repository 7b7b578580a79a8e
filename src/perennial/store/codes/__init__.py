"""What is given and used: vouchers and their codes, entitlements, redemptions, devices at the till."""
