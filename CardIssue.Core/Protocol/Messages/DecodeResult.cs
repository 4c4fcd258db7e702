using System.Diagnostics.CodeAnalysis;

namespace CardIssue.Core.Protocol.Messages;

/// <summary>What became of received bytes: a message, or what is wrong with them.</summary>
internal readonly record struct DecodeResult
{
    private DecodeResult(RelayMessage? message, string? error) => (Message, Error) = (message, error);

    /// <summary>The message, or null.</summary>
    public RelayMessage? Message { get; }

    /// <summary>What is wrong, for the log; never holds the peer's bytes. Null when there is a message.</summary>
    public string? Error { get; }

    /// <summary>Whether the bytes are a message.</summary>
    [MemberNotNullWhen(true, nameof(Message))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsMessage => Message is not null;

    internal static DecodeResult Of(RelayMessage message) => new(message, null);

    internal static DecodeResult Malformed(string error) => new(null, error);
}
