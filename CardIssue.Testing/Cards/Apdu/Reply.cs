namespace CardIssue.Testing.Cards.Apdu;

/// <summary>What a command came to: data and a status word.</summary>
internal readonly record struct Reply(byte[] Data, ushort StatusWord)
{
    public Reply(ushort statusWord) : this([], statusWord) { }

    public static Reply Ok(params byte[] data) => new(data, Sw.Ok);

    /// <summary>R-MAC and R-ENC cover success and warnings only (GPC Amd D 6.2.5).</summary>
    public bool IsProtected => StatusWord == Sw.Ok || StatusWord >> 8 is 0x62 or 0x63;

    public byte[] ToBytes() => [.. Data, (byte)(StatusWord >> 8), (byte)StatusWord];

    public static implicit operator Reply(ushort statusWord) => new(statusWord);
}

/// <summary>Status words (ISO 7816-4 5.6, GPCS 11.1.3).</summary>
internal static class Sw
{
    public const ushort Ok = 0x9000;
    public const ushort CardLocked = 0x6283;
    public const ushort HostCryptogramWrong = 0x6300;
    public const ushort MoreData = 0x6310;
    /// <summary>An imported package is not on the card, or of another version; of the proprietary ones the one that cards use.</summary>
    public const ushort ImportNotThere = 0x6438;
    public const ushort WrongLength = 0x6700;
    public const ushort ChannelNotSupported = 0x6881;
    public const ushort SecureMessagingNotSupported = 0x6882;
    public const ushort ChainingNotSupported = 0x6884;
    public const ushort Security = 0x6982;
    public const ushort Blocked = 0x6983;
    public const ushort Conditions = 0x6985;
    public const ushort WrongData = 0x6A80;
    public const ushort NotSupported = 0x6A81;
    public const ushort NotFound = 0x6A82;
    public const ushort RecordNotFound = 0x6A83;
    public const ushort NoRoom = 0x6A84;
    public const ushort WrongP1P2 = 0x6A86;
    public const ushort ReferenceNotFound = 0x6A88;
    public const ushort UnknownIns = 0x6D00;
    public const ushort UnknownCla = 0x6E00;
    public const ushort Unknown = 0x6F00;
}
