namespace CardIssue.Core.Protocol;

/// <summary>Caps that both machines and the message codec hold.</summary>
public static class ProtocolLimits
{
    /// <summary>The most commands in one script.</summary>
    internal const int MaxScriptCommands = 1_024;

    /// <summary>The largest credit window that a terminal may offer, in commands.</summary>
    internal const int MaxWindow = 32;

    /// <summary>The most records of an order.</summary>
    internal const int MaxRecords = 255;

    /// <summary>The highest sequence number of a session; the line is closed and brought up anew before it would be passed.</summary>
    internal const int MaxSequence = 0x3FFF_FFFF;

    /// <summary>The longest reference (order number or customer id), in characters.</summary>
    public const int MaxReference = 64;

    /// <summary>The longest line for the operator, in characters.</summary>
    public const int MaxDisplay = 128;

    /// <summary>The longest receipt, in characters.</summary>
    internal const int MaxReceipt = 1_024;

    /// <summary>Length of a nonce in bytes.</summary>
    internal const int NonceLength = 32;

    /// <summary>Length of a resume token in bytes.</summary>
    internal const int TokenLength = 16;
}
