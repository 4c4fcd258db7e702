namespace CardIssue.Core.Cards.Products;

/// <summary>
/// Where a card's identity comes from. What tells nothing (absent, refused, of an unusable length, all 00, all FF) is passed over for the
/// next.
/// </summary>
internal abstract record IdentitySource
{
    private IdentitySource() { }

    /// <summary>
    /// Key diversification data, 10 bytes, as INITIALIZE UPDATE tells it. Where the keys come from it, the card's cryptogram proves it; but
    /// a batch may share it.
    /// </summary>
    public sealed record DiversificationData : IdentitySource;

    /// <summary>
    /// Of the key diversification data the bytes that the card's keys come from, which its cryptogram proves: six with EMV CPS and VISA2, all ten
    /// with KDF3. What stands in the others, whoever wrote it there, makes no other card of one. A batch may share it.
    /// </summary>
    public sealed record ProvedDiversificationData : IdentitySource;

    /// <summary>
    /// The chip's serial data in the production life cycle data (CPLC, tag 9F7F): fabricator, type, batch and serial number, 10 bytes.
    /// </summary>
    public sealed record ProductionLifeCycle : IdentitySource;

    /// <summary>The card image number (CIN, tag 45; GPCS §H.1), 1 to 32 bytes.</summary>
    public sealed record CardImageNumber : IdentitySource;

    /// <summary>The issuer identification number (IIN, tag 42, 1 to 16 bytes) and the card image number together.</summary>
    public sealed record IssuerAndCardNumber : IdentitySource;

    /// <summary>Another data object, GET DATA (GPCS §11.3), 1 to 48 bytes.</summary>
    public sealed record DataObject(ushort Tag) : IdentitySource;

    /// <summary>
    /// The center gives the card a number, as the first thing that it writes, and knows it by that ever after. Nothing in the sources after
    /// it would be asked.
    /// </summary>
    public sealed record Assigned : IdentitySource
    {
        /// <summary>The data object that holds it; GET DATA reads it back.</summary>
        public ushort Tag { get; init; } = GlobalPlatform.GetData.CardImageNumber;

        /// <summary>
        /// P1 of the one STORE DATA that writes it (GPCS table 11-89): 90 BER-TLV, 88 the same in a DGI 0070, 80 without a stated format.
        /// </summary>
        public byte StoreDataP1 { get; init; } = 0x90;

        /// <summary>
        /// CLA, INS, P1 and P2 of a command that takes the bare number, for cards that do not take it by STORE DATA; null for STORE DATA.
        /// </summary>
        public uint? Command { get; init; }
    }
}
