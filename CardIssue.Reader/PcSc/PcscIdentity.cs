using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Reader.PcSc;

/// <summary>What a driver tells of its reader by attributes (PC/SC part 3, 3.1.2). What it refuses, or fills with nothing, stays unknown.</summary>
internal static class PcscIdentity
{
    private const int MaximumText = 256;

    /// <summary>
    /// Asks for them one after the other. A reader that goes meanwhile has told half of what it is, which may fit no entry: its code comes back, and no identity.
    /// </summary>
    public static (PcscCode Code, ReaderIdentity? Value) Read(IPcscApi api, nint card, string name)
    {
        var gone = PcscCode.Success;
        var identity = new ReaderIdentity(
            "pcsc", name,
            Vendor: Text(api, card, PcscAttribute.VendorName, ref gone),
            Model: Text(api, card, PcscAttribute.InterfaceDeviceType, ref gone),
            Serial: Text(api, card, PcscAttribute.InterfaceDeviceSerial, ref gone),
            Firmware: Number(api, card, PcscAttribute.InterfaceDeviceVersion, ref gone) is { } version ? Version(version) : null,
            Port: Number(api, card, PcscAttribute.Channel, ref gone) is { } channel ? Channel(channel) : null);
        return gone is PcscCode.Success ? (gone, identity) : (gone, null);
    }

    /// <summary>0xMMmmbbbb: major, minor, build; hexadecimal digits, as USB's bcdDevice has them.</summary>
    internal static string Version(uint version)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{version >> 24:X}.{version >> 16 & 0xFF:X2}");
        return (version & 0xFFFF) == 0 ? text : string.Create(CultureInfo.InvariantCulture, $"{text}.{version & 0xFFFF:X4}");
    }

    /// <summary>0xDDDDCCCC: the channel's type and its number; for USB, bus and address.</summary>
    internal static string Channel(uint channel)
    {
        var type = (channel >> 16) switch
        {
            0x01 => "serial",
            0x02 => "parallel",
            0x04 => "ps2",
            0x08 => "scsi",
            0x10 => "ide",
            0x20 => "usb",
            var other => other.ToString("X4", CultureInfo.InvariantCulture),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{type}:{channel & 0xFFFF:X4}");
    }

    private static string? Text(IPcscApi api, nint card, PcscAttribute attribute, ref PcscCode gone)
    {
        Span<byte> value = stackalloc byte[MaximumText];
        if (!IsTold(api.GetAttribute(card, attribute, value, out var length), ref gone)) return null;
        var text = Encoding.UTF8.GetString(value[..length]).TrimEnd('\0').Trim();
        return text.Length == 0 || text.Any(char.IsControl) ? null : text;
    }

    private static uint? Number(IPcscApi api, nint card, PcscAttribute attribute, ref PcscCode gone)
    {
        Span<byte> value = stackalloc byte[sizeof(ulong)];
        if (!IsTold(api.GetAttribute(card, attribute, value, out var length), ref gone) || length < sizeof(uint)) return null;
        return MemoryMarshal.Read<uint>(value) is not 0 and var number ? number : null;
    }

    private static bool IsTold(PcscCode code, ref PcscCode gone)
    {
        if (PcscFaults.Of(code) is CardFault.ReaderGone or CardFault.ServiceGone) gone = code;
        return code is PcscCode.Success;
    }
}
