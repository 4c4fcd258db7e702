using CardIssue.Core.Primitives;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>
/// The bytes that a message came as. They say nothing that its fields do not, but where a later version put more into it, so they take no
/// part in comparing messages.
/// </summary>
internal readonly struct WireForm(ByteString bytes) : IEquatable<WireForm>
{
    public ByteString Bytes { get; } = bytes;

    public bool Equals(WireForm other) => true;

    public override bool Equals(object? obj) => obj is WireForm;

    public override int GetHashCode() => 0;
}
