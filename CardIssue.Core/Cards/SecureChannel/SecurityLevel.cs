namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>The protection of a secure channel, as EXTERNAL AUTHENTICATE asks for it in P1 (GPCS table E-11, Amendment D table 7-5).</summary>
public enum SecurityLevel : byte
{
    /// <summary>Both sides authenticated, nothing protected afterwards.</summary>
    None = 0x00,
    /// <summary>Commands are MACed.</summary>
    CMac = 0x01,
    /// <summary>Commands are MACed and encrypted.</summary>
    CMacCEnc = 0x03,
    /// <summary>Responses are MACed (SCP02 only).</summary>
    RMac = 0x10,
    /// <summary>Commands and responses are MACed.</summary>
    CMacRMac = 0x11,
    /// <summary>Commands are MACed and encrypted, responses MACed.</summary>
    CMacCEncRMac = 0x13,
    /// <summary>Commands and responses are MACed and encrypted.</summary>
    CMacCEncRMacREnc = 0x33,
}

/// <summary>What a security level means.</summary>
internal static class SecurityLevels
{
    /// <summary>Whether commands carry a MAC.</summary>
    public static bool HasCMac(this SecurityLevel level) => ((byte)level & 0x01) != 0;

    /// <summary>Whether command data is encrypted.</summary>
    public static bool HasCEnc(this SecurityLevel level) => ((byte)level & 0x02) != 0;

    /// <summary>Whether responses of success carry a MAC.</summary>
    public static bool HasRMac(this SecurityLevel level) => ((byte)level & 0x10) != 0;

    /// <summary>Whether response data is encrypted.</summary>
    public static bool HasREnc(this SecurityLevel level) => ((byte)level & 0x20) != 0;
}
