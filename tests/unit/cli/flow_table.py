"""A small table of points for the tests of ``symflow flow``."""

TABLE = """\
width, height, kind
-1.2,-0.3,left
-0.7,-1.1,left
-0.9,-0.2,left

1.1,0.4,right
0.8,1.3,right
1.4,0.9,right
"""
