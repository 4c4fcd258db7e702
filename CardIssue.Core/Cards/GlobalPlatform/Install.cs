using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>
/// INSTALL (GPCS §11.5): fields one after the other, each with its length. What is longer than one command carries, with a token of 256 bytes
/// for example, is a command of extended length here, and goes to the card in segments (§11.1.5.1).
/// </summary>
internal static class Install
{
    private const byte ForLoadP1 = 0x02, ForInstallP1 = 0x04, MakeSelectableP1 = 0x08, ForExtraditionP1 = 0x10, ForPersonalizationP1 = 0x20,
        ForRegistryUpdateP1 = 0x40;
    private const int ApplicationParameters = 0xC9;

    /// <summary>INSTALL [for load] (§11.5.2.3.1): what LOAD is going to bring.</summary>
    /// <param name="loadFile">The load file's AID: the package's.</param>
    /// <param name="securityDomain">The security domain that it is to belong to; null for the one that is selected.</param>
    /// <param name="hash">The hash of the load file data block; empty for none.</param>
    /// <param name="parameters">Load parameters, coded TLVs such as EF; may be empty.</param>
    /// <param name="token">The load token; may be empty.</param>
    public static CommandApdu ForLoad(Aid loadFile, Aid? securityDomain, ByteString hash, ByteString parameters, ByteString token) =>
        Command(ForLoadP1, loadFile.Value, securityDomain?.Value ?? default, hash, parameters, token);

    /// <summary>INSTALL [for install], with [for make selectable] or without (§11.5.2.3.2).</summary>
    /// <param name="loadFile">The load file's AID.</param>
    /// <param name="module">The module's AID: the applet's in the package.</param>
    /// <param name="instance">The AID that it is going to be selected by.</param>
    /// <param name="privileges">1 or 3 bytes.</param>
    /// <param name="application">What the application gets (C9); may be empty.</param>
    /// <param name="system">Further install parameters, coded TLVs such as EF; may be empty.</param>
    /// <param name="token">The install token; may be empty.</param>
    /// <param name="selectable">Whether it can be selected from then on.</param>
    public static CommandApdu ForInstall(
        Aid loadFile,
        Aid module,
        Aid instance,
        ByteString privileges,
        ByteString application,
        ByteString system,
        ByteString token,
        bool selectable) =>
        Command(
            (byte)(selectable ? ForInstallP1 | MakeSelectableP1 : ForInstallP1),
            loadFile.Value, module.Value, instance.Value, privileges,
            ByteString.Concat(BerTlv.Primitive(ApplicationParameters, application).ToBytes(), system), token);

    /// <summary>
    /// INSTALL [for personalization] (§11.5.2.3.6): STORE DATA is for this application from then on. No load file, no module, no privileges,
    /// parameters or token.
    /// </summary>
    /// <param name="application">The application's AID.</param>
    public static CommandApdu ForPersonalization(Aid application) =>
        Command(ForPersonalizationP1, default, default, application.Value, default, default, default);

    /// <summary>INSTALL [for extradition] (§11.5.2.3.4): the application belongs to this security domain from then on.</summary>
    /// <param name="securityDomain">The security domain's AID.</param>
    /// <param name="application">The application's AID.</param>
    /// <param name="parameters">Extradition parameters, coded TLVs; may be empty.</param>
    /// <param name="token">The extradition token; may be empty.</param>
    public static CommandApdu ForExtradition(Aid securityDomain, Aid application, ByteString parameters, ByteString token) =>
        Command(ForExtraditionP1, securityDomain.Value, default, application.Value, default, parameters, token);

    /// <summary>INSTALL [for registry update] (§11.5.2.3.5): what the card's registry says of an application.</summary>
    /// <param name="securityDomain">The security domain that it is to belong to; null for the one that it belongs to.</param>
    /// <param name="application">The application's AID.</param>
    /// <param name="privileges">1 or 3 bytes; none leaves them as they are.</param>
    /// <param name="parameters">Registry update parameters, coded TLVs such as EF; may be empty.</param>
    /// <param name="token">The registry update token; may be empty.</param>
    public static CommandApdu ForRegistryUpdate(
        Aid? securityDomain, Aid application, ByteString privileges, ByteString parameters, ByteString token) =>
        Command(ForRegistryUpdateP1, securityDomain?.Value ?? default, default, application.Value, privileges, parameters, token);

    private static CommandApdu Command(byte p1, params ReadOnlySpan<ByteString> fields)
    {
        var data = new List<byte>();
        Span<byte> length = stackalloc byte[BerTlv.MaxLengthOfLength];
        // GPCS §11.1.5 codes lengths as BER does.
        foreach (var field in fields) data.AddRange([.. length[..BerTlv.WriteLength(length, field.Length)], .. field.Span]);
        if (data.Count > CommandApdu.MaxData)
            throw new ArgumentException($"INSTALL has {data.Count} bytes of data; {CommandApdu.MaxData} are the most");
        return new CommandApdu(0x80, Instructions.Install, p1, 0x00, ByteString.Own([.. data]), CommandApdu.MaxShortLe);
    }
}
