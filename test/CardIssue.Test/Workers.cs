// Fixtures run beside each other, also those that only wait: for a process, a line, a pipe that nobody writes to. One that is about something of the
// whole process or machine says NonParallelizable, and runs behind all others, by itself: its allocations, buffers that it lends again, telemetry,
// PC/SC, how fast it is.
[assembly: Parallelizable(ParallelScope.Fixtures)]
// With a worker per core the cores would wait along with the tests.
[assembly: LevelOfParallelism(5)]
