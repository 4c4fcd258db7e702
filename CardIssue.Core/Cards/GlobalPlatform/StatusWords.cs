using CardIssue.Core.Cards.Apdu;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>What status words mean (GPCS 2.3.1 §11.1.3 and the tables of each command; ISO 7816-4 5.6).</summary>
internal static class StatusWords
{
    /// <summary>Normal end.</summary>
    public const ushort Ok = 0x9000;

    /// <summary>SELECT: the card is CARD_LOCKED. A warning: what was selected still tells of itself (GPCS §11.9.3.2).</summary>
    public const ushort CardLocked = 0x6283;

    /// <summary>SELECT: no application of that name.</summary>
    public const ushort NoApplication = 0x6A82;

    /// <summary>GET STATUS: more entries wait.</summary>
    public const ushort MoreData = 0x6310;

    /// <summary>Security status not satisfied.</summary>
    public const ushort SecurityStatus = 0x6982;

    /// <summary>Conditions of use not satisfied.</summary>
    public const ushort Conditions = 0x6985;

    /// <summary>Wrong P1 or P2.</summary>
    public const ushort WrongP1P2 = 0x6A86;

    /// <summary>Referenced data not found.</summary>
    public const ushort NotFound = 0x6A88;

    /// <summary>Says what a status word means as the answer to an instruction.</summary>
    /// <param name="statusWord">SW1 in the high byte, SW2 in the low byte.</param>
    /// <param name="ins">The instruction byte; 00 when it is not known.</param>
    public static string Describe(ushort statusWord, byte ins) => ForInstruction(statusWord, ins) ?? General(statusWord) ?? ByClass(statusWord);

    private static string? ForInstruction(ushort statusWord, byte ins) => (ins, statusWord) switch
    {
        (Instructions.ManageChannel, 0x6200) => "logical channel already closed",
        (Instructions.Select, CardLocked) => "card is CARD_LOCKED",
        (Instructions.Select, 0x6999) => "the application refused to be selected",
        (Instructions.Select, 0x6A81) => "function not supported, or card locked",
        (Instructions.Select, NoApplication) => "application or file not found",
        (Instructions.ExternalAuthenticate, 0x6300) => "host cryptogram wrong",
        (Instructions.ExternalAuthenticate, 0x6982) => "host's MAC wrong, or no INITIALIZE UPDATE before",
        (Instructions.InitializeUpdate, 0x6A88) => "no keys of that version",
        (Instructions.InitializeUpdate, 0x6700) => "wrong length: the card may want S16 mode",
        (Instructions.InitializeUpdate, 0x6985) => "sequence counter exhausted",
        (Instructions.GetStatus, MoreData) => "more data available",
        (Instructions.GetStatus, NotFound) => "nothing matches",
        (Instructions.PutKey, SecurityStatus) => "key check value wrong, or security status not satisfied",
        (Instructions.PutKey, 0x9484) => "algorithm not supported",
        (Instructions.PutKey, 0x9485) => "key check value wrong",
        (Instructions.StoreData, NotFound) => "DGI or tag not known",
        (Instructions.StoreData, 0x6A80) => "malformed data",
        (Instructions.StoreData, WrongP1P2) => "wrong P1 or P2, or mandatory data missing at the last block",
        (Instructions.StoreData, Conditions) => "already personalized, or no personalization session",
        (Instructions.StoreData, SecurityStatus) => "no secure channel, or key check value wrong",
        (Instructions.Delete, Conditions) => "in use, or others depend on it",
        (Instructions.Load or Instructions.Install, 0x6438) => "an imported package is missing or of another version",
        _ => null,
    };

    private static string? General(ushort statusWord) => statusWord switch
    {
        Ok => "done",
        0x6200 => "warning, no more said",
        0x6281 => "part of the data may be corrupted",
        0x6282 => "end of file reached",
        0x6283 => "file deactivated",
        0x6284 => "control information wrongly formatted",
        0x6285 => "file terminated",
        0x6286 => "no data from the sensor",
        0x6300 => "authentication failed",
        0x6310 => "more data available",
        0x6381 => "file full",
        0x6400 => "no particular diagnosis",
        0x6401 => "stopped from outside",
        0x6581 => "memory failure",
        0x6700 => "wrong length",
        0x6881 => "logical channel not supported or not open",
        0x6882 => "secure messaging not supported",
        0x6883 => "last command of the chain expected",
        0x6884 => "command chaining not supported",
        0x6900 => "command not allowed",
        0x6981 => "command does not fit the file",
        SecurityStatus => "security status not satisfied",
        0x6983 => "authentication method blocked",
        0x6984 => "reference data not usable",
        Conditions => "conditions of use not satisfied",
        0x6986 => "no file is current",
        0x6987 => "secure messaging data object missing",
        0x6988 => "secure messaging data object wrong",
        0x6A80 => "wrong data",
        0x6A81 => "function not supported",
        0x6A82 => "file or application not found",
        0x6A83 => "record not found",
        0x6A84 => "not enough memory",
        0x6A85 => "Lc does not fit the TLV structure",
        WrongP1P2 => "wrong P1 or P2",
        0x6A87 => "Lc does not fit P1 and P2",
        NotFound => "referenced data not found",
        0x6A89 => "file exists already",
        0x6A8A => "name of the file exists already",
        0x6B00 => "P1 and P2 outside of the file",
        0x6D00 => "instruction not supported",
        0x6E00 => "class not supported",
        0x6F00 => "no particular diagnosis",
        _ => null,
    };

    private static string ByClass(ushort statusWord) => (statusWord >> 8) switch
    {
        0x61 => $"{Count(statusWord)} bytes wait",
        0x62 => "warning, nothing changed",
        0x63 when (statusWord & 0xF0) == 0xC0 => $"{statusWord & 0x0F} tries left",
        0x63 => "warning, something changed",
        0x64 => "error, nothing changed",
        0x65 => "error, something changed",
        0x66 => "security issue",
        0x68 => "function of the class not supported",
        0x69 => "command not allowed",
        0x6A => "wrong parameters",
        0x6C => $"wrong Le: {Count(statusWord)} is right",
        _ => "meaning not known",
    };

    private static int Count(ushort statusWord) => (byte)statusWord is 0 ? CommandApdu.MaxShortLe : (byte)statusWord;
}
