"""Who says in a file that the picture is machine-made: IPTC's source type in XMP, or in the manifest of C2PA.

Services write it that tell no settings. A manifest is CBOR, whose texts stand there as they are.
"""

from __future__ import annotations

MACHINE_MADE = b"digitalsourcetype/trainedAlgorithmicMedia"
MAKERS = {
    b"AIGC Playground": "AIGC Playground",
    b"ChatGPT": "ChatGPT",
    b"OpenAI": "OpenAI",
    b"Firefly": "Adobe Firefly",
    b"Google": "Google AI",
    b"Bing": "Bing",
    b"Microsoft": "Microsoft",
    b"Midjourney": "Midjourney",
    b"Stability": "Stability AI",
    b"Leonardo": "Leonardo.Ai",
    b"Canva": "Canva",
    b"Meta AI": "Meta AI",
}


def signed_by(data: bytes) -> str | None:
    """The maker that a machine-made picture's bytes name, "" for one that is not known; None if they do not say so."""
    if MACHINE_MADE not in data:
        return None
    return next((maker for sign, maker in MAKERS.items() if sign in data), "")
