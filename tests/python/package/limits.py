"""What may drive the time that people wait, as numbers: the one place that a limit stands in.

A time depends on the machine, so the tests count what takes the time. A limit is a little above what is
there today; what goes beyond it on purpose raises it here, where a reviewer sees it.
"""

# --- What is imported before an answer begins -------------------------------------------------------------

# Libraries that help and errors of arguments never need. Each takes between 0.02 and 0.5 seconds.
LIBRARIES = frozenset({"altair", "jinja2", "numpy", "openpyxl", "pandas", "pyarrow", "rich", "vl_convert"})

# Modules of the package that the command loads for help, completion and errors of arguments: the parser,
# its messages and what cleans them, old names, the table of commands, the values of the options and the
# names of formats, and which folder is a saved log.
MODULES_OF_HELP = 39

# Modules of the package that "import stagefunnel" loads: itself.
MODULES_OF_IMPORT = 1

# All modules, those of Python too, that "stagefunnel --help" loads beyond an empty program.
MODULES_OF_HELP_IN_ALL = 90

# --- What the compiler reads ------------------------------------------------------------------------------

# Units of the module and of its core. Each reads the headers of the standard library: one to three seconds.
UNITS_OF_MODULE = 5

# Units of the C++ tests, GoogleTest's own two and the fuzzed property among them.
UNITS_OF_TESTS = 9

# Units that read pybind11, which takes nine seconds and is most of the binding.
UNITS_WITH_PYBIND11 = 1

# Units of the module and its core that read Eigen, two seconds each.
UNITS_WITH_EIGEN = 4

# Lines of the largest unit after the preprocessor, as GCC 12 counts them with its own headers.
LINES_OF_LARGEST_UNIT = 212_000
