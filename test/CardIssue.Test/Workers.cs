// Fixtures run beside each other, also those that only wait: for a process, a line, a pipe that nobody writes to. One that is about something of the
// whole process or machine (its allocations, its telemetry, its PC/SC, how fast it is) says NonParallelizable and runs behind all others, by itself.
[assembly: Parallelizable(ParallelScope.Fixtures)]
// With a worker per core the cores would wait along with the tests.
[assembly: LevelOfParallelism(5)]
