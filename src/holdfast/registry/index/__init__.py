"""The lookup index: what the registry says of every listed subject, in one memory-mapped file.

compiled   machine code from Python functions, and what is said where the compiler is missing
hashing    the keyed hash by which subjects are known in the index
slots      the table of slots: looked up by many processes while one changes it
header     the first page of the file: what the table is, and how far the feed is applied
file       an index open for looking up or for changing, and how one takes another's place
build      an index made whole from the database, and compared with it
"""
