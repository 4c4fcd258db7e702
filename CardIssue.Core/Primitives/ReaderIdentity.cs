namespace CardIssue.Core.Primitives;

/// <summary>What a driver could learn of a reader. Null means: could not be learned.</summary>
/// <param name="Kind">How it is attached: <c>pcsc</c>, <c>serial</c>, <c>virtual</c>.</param>
/// <param name="Name">What the system calls it; changes with the port and proves nothing.</param>
/// <param name="Vendor">The maker's name.</param>
/// <param name="Model">The maker's model name.</param>
/// <param name="Serial">The serial number, the reader's own.</param>
/// <param name="Firmware">The firmware version.</param>
/// <param name="Port">The port that it hangs on.</param>
public sealed record ReaderIdentity(
    string Kind, string Name, string? Vendor = null, string? Model = null, string? Serial = null, string? Firmware = null, string? Port = null);
