using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>What a response is worth. Only a secure channel session can make one.</summary>
public abstract record UnwrapResult
{
    private protected UnwrapResult(ushort statusWord) => StatusWord = statusWord;

    /// <summary>The status word, as far as it can be believed.</summary>
    public ushort StatusWord { get; }

    /// <summary>The card itself said this: its MAC over data and status word was verified.</summary>
    internal sealed record Authenticated : UnwrapResult
    {
        private static readonly Authenticated Success = new(default, 0x9000);

        internal Authenticated(ByteString data, ushort statusWord) : base(statusWord) => Data = data;

        /// <summary>The response data, decrypted, without MAC.</summary>
        public ByteString Data { get; }

        /// <summary>The one of 9000 without data, which is what nearly all commands are answered by, is there once.</summary>
        internal static Authenticated Of(ByteString data, ushort statusWord) => data.IsEmpty && statusWord == 0x9000 ? Success : new(data, statusWord);

        /// <inheritdoc/>
        public override string ToString() => $"authenticated, {Data.Length} bytes, {StatusWord:X4}";
    }

    /// <summary>An error status word without a MAC of the card, as errors are (Amendment D §6.2.5): anybody may have said it. It is in doubt, never success, and never proof of failure.</summary>
    internal sealed record Unauthenticated : UnwrapResult
    {
        internal Unauthenticated(ushort statusWord) : base(statusWord) { }

        /// <inheritdoc/>
        public override string ToString() => $"unauthenticated, {StatusWord:X4}";
    }

    /// <summary>The session's level protects no responses: this is the word of whoever carried it.</summary>
    internal sealed record NoProtection : UnwrapResult
    {
        private static readonly NoProtection Success = new(default, 0x9000);

        internal NoProtection(ByteString data, ushort statusWord) : base(statusWord) => Data = data;

        /// <summary>The response data.</summary>
        public ByteString Data { get; }

        /// <summary>The one of 9000 without data is there once.</summary>
        internal static NoProtection Of(ByteString data, ushort statusWord) => data.IsEmpty && statusWord == 0x9000 ? Success : new(data, statusWord);

        /// <inheritdoc/>
        public override string ToString() => $"not protected, {Data.Length} bytes, {StatusWord:X4}";
    }

    /// <summary>A response that had to be protected and was not, or wrongly. The session is dead.</summary>
    internal sealed record Breach : UnwrapResult
    {
        internal Breach(ChannelBreach reason, ushort statusWord) : base(statusWord) => Reason = reason;

        /// <summary>What was wrong.</summary>
        public ChannelBreach Reason { get; }

        /// <inheritdoc/>
        public override string ToString() => $"breach: {Reason}, {StatusWord:X4}";
    }
}

/// <summary>How a response broke the secure channel.</summary>
internal enum ChannelBreach
{
    /// <summary>9000, 62xx or 63xx without a MAC.</summary>
    MissingMac,
    /// <summary>The MAC is not the card's.</summary>
    WrongMac,
    /// <summary>The MAC is right but the data is no whole number of blocks or wrongly padded.</summary>
    WrongPadding,
}
