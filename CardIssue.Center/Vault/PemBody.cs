namespace CardIssue.Center.Vault;

/// <summary>What stands before the line that ends PEM, which begins with a hyphen. What the stream has behind it is not looked at.</summary>
internal sealed class PemBody(Stream text) : ForwardStream
{
    /// <summary>How its first and its last line begin.</summary>
    public const byte End = (byte)'-';

    private bool _ended;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_ended) return 0;
        var read = buffer[..text.Read(buffer)];
        var end = read.IndexOf(End);
        _ended = end >= 0;
        return _ended ? end : read.Length;
    }
}
