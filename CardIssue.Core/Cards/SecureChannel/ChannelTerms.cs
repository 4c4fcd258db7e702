namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>How a secure channel is to be opened.</summary>
/// <param name="Level">The protection wanted.</param>
public sealed record ChannelTerms(SecurityLevel Level)
{
    /// <summary>The protocol; null: that of the keys, which are of one algorithm. A card that answers with another one is refused.</summary>
    public ScpProtocol? Protocol { get; init; } = ScpProtocol.Scp03;

    /// <summary>
    /// The parameter "i"; that of another protocol than the keys' counts for nothing. SCP02 needs it, for INITIALIZE UPDATE does not tell it; in
    /// SCP03 the card tells it, and null takes every one of S8 mode.
    /// </summary>
    public ScpOptions? Options { get; init; }

    /// <summary>In what the card departs from others.</summary>
    public CardQuirks Quirks { get; init; } = CardQuirks.None;

    internal ScpOptions? OptionsOf(ScpProtocol protocol) => Options is { } options && options.Protocol == protocol ? options : null;
}
