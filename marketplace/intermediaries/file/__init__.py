"""What a firm keeps on its file once it is there: papers, people, who stands behind it."""
