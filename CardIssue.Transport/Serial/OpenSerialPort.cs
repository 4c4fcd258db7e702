namespace CardIssue.Transport.Serial;

/// <summary>Opens what a serial line runs over. Throws an <see cref="IOException"/> when it can't be had now; it is tried again.</summary>
/// <param name="cancellation">Gives up.</param>
/// <returns>A two-way stream of bytes, which may lose or spoil some; it is read and written at the same time, and disposed when the line ends.</returns>
internal delegate ValueTask<Stream> OpenSerialPort(CancellationToken cancellation);
