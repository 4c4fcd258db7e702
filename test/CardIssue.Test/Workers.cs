// Many tests wait: for a process, a line, a pipe that nobody writes to. With a worker per core the cores would wait along with them.
[assembly: LevelOfParallelism(4)]
