namespace CardIssue.Core.Cards.SecureChannel;

/// <summary>A secure channel protocol, by its number in byte 11 of the answer to INITIALIZE UPDATE.</summary>
public enum ScpProtocol : byte
{
    /// <summary>Triple DES (GPCS Appendix E).</summary>
    Scp02 = 0x02,
    /// <summary>AES (GPC Amendment D).</summary>
    Scp03 = 0x03,
}
