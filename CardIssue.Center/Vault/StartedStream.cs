namespace CardIssue.Center.Vault;

/// <summary>A stream whose first bytes were taken already.</summary>
/// <param name="first">Those bytes.</param>
/// <param name="rest">The others; disposed with this.</param>
public sealed class StartedStream(byte[] first, Stream rest) : ForwardStream
{
    private int _given;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_given == first.Length || buffer.IsEmpty) return rest.Read(buffer);
        var given = Math.Min(buffer.Length, first.Length - _given);
        first.AsSpan(_given, given).CopyTo(buffer);
        _given += given;
        return given;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) rest.Dispose();
        base.Dispose(disposing);
    }
}
